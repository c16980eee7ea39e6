/** The kernels in Firefox, whose WebGPU is wgpu. FCN_KERNEL_CASES=all runs every case. */
import { openFirefoxKernels } from "./helpers/kernel-hosts.js";
import { testKernelsIn } from "./helpers/test-kernels-in.js";

testKernelsIn({ open: openFirefoxKernels, adapter: /^unnamed (software adapter|GPU)$/ });
