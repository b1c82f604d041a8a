// What of the firmware is in an image, and what the SDK's linker preloads by its name (docs/decisions/0044): the manifest against the imports of
// the firmware.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ONLY_5 } from '../../cli/image.js';
import { Image, type Part } from '../support/reached.js';

const manifest = JSON.parse(readFileSync(new URL('../../manifest.json', import.meta.url), 'utf8')) as Part & { readonly platforms: Readonly<Record<string, Part>> };
const PLATFORMS = Object.keys(manifest.platforms);

describe.each(PLATFORMS)('an image for %s', (name) => {
	const platform = manifest.platforms[name]!;
	const image = new Image(platform, manifest);

	it('names each module that src/main reaches to the linker, and no other', () => {
		const named = [...manifest.preload!, ...(platform.preload ?? [])];
		// Others would have their body code in the image, which no chip runs.
		expect(image.reached.filter((each) => !named.includes(each)), 'belong into "preload" in manifest.json').toEqual([]);
		expect(named.filter((each, index) => !image.reached.includes(each) || named.indexOf(each) < index), 'do not').toEqual([]);
	});

	it('leaves nothing out that src/main reaches', () => {
		const out = [manifest, platform].flatMap(({ modules }) => modules['~'] ?? []);
		expect(image.files.filter((file) => out.includes(`./${file}`))).toEqual([]);
	});
});

describe('an image for MQTT 3.1.1 alone', () => {
	it('leaves out what only 5.0 needs, all of it', () => {
		const both = new Image(manifest.platforms['esp']!, manifest);
		const modules = { 'src/mqtt/v5/protocol5': './src/mqtt/without5/protocol5', 'src/mqtt/v5/reasons5': './src/mqtt/without5/reasons5' };
		const without = new Image({ modules }, manifest.platforms['esp']!, manifest);
		expect(both.files.filter((file) => !without.files.includes(file))).toEqual([...ONLY_5].sort());
	});
});
