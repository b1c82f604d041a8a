// Stands in for embedded:io/analog in the SDK's own desktop simulator, which has none: a TMP36 at 21 °C behind the NodeMCU's divider.
// It exists so that mcconfig can link and start the manifest on a desktop; the simulator in this folder's parent has the real model.

export default class Analog {
	get resolution(): number {
		return 10;
	}

	read(): number {
		// 710 mV of 3,200 mV, one count up or down.
		return 226 + Math.floor(Math.random() * 3);
	}

	close(): void {}
}
