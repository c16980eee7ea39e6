/** The kernels in Deno, whose WebGPU is wgpu. FCN_KERNEL_CASES=all runs every case. */
import { READABLE_NAME, openDenoKernels } from "./helpers/kernel-hosts.js";
import { testKernelsIn } from "./helpers/test-kernels-in.js";

testKernelsIn({ open: openDenoKernels, adapter: READABLE_NAME });
