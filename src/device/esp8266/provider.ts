// SPDX-License-Identifier: MIT
// "embedded:provider/builtin" of this image: empty. The SDK's own names every kind of pin that it has a driver for, and
// so keeps all of them in the image.
//
// Rule: the firmware names the modules that it uses; nobody asks `device` for them.

export default {};
