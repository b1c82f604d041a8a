// What src/device/drivers.ts is in an image: here are none, since their imports are the chip's. A part that wants one says so.

export const drivers = Object.freeze({});
