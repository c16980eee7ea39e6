/** Every kernel variant that Chromium's adapter can run, on every case. */
import { openChromiumKernels } from "./helpers/kernel-hosts.js";
import { testKernelsIn } from "./helpers/test-kernels-in.js";

testKernelsIn({ open: openChromiumKernels, adapter: /swiftshader/i, always: "all cases" });
