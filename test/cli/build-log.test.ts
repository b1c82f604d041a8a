// What the tools really said when a build failed: SDK 8.2.3 with an lx106 gcc 12.2, each failure brought about on purpose (paths shortened).
import { describe, expect, it } from 'vitest';
import { failedUnheard, faultIn } from '../../cli/build-log.js';

const LINKED = '# xsl modules\n### 2094 instances, 1931 keys, 95 colors, 0 holes\n# cc mc.xs.c (slots in flash)\n';
const LD = '/usr/lib/gcc/xtensa-lx106-elf/12.2.0/../../../xtensa-lx106-elf/bin/ld: ';
const MAKE = 'collect2: error: ld returned 1 exit status\nmake: *** [/out/makefile:702: /out/main.bin] Error 1\n';

describe('The fault of a build', () => {
	it.each([
		['an image too large for flash', `# ld main.bin\n${LD}/out/main.elf section \`.irom0.text' will not fit in region \`irom0_0_seg'\n${MAKE}`,
			'the image takes more flash than the chip can map (irom0_0_seg): leave something out, like MQTT 5.0 ("protocol": 4)'],
		['static RAM beyond the chip', `# ld main.bin\n${LD}address 0x40000a90 of /out/main.elf section \`.bss' is not within region \`dram0_0_seg'\n${MAKE}`,
			'the firmware takes more static RAM than the chip has (dram0_0_seg): leave something out'],
		['code beyond the RAM for code', `${LD}region \`iram1_0_seg' overflowed by 1204 bytes\n${MAKE}`,
			'the firmware has 1,204 bytes more code that must run from RAM than there is room for (iram1_0_seg)'],
		['a function that nothing defines', `# ld main.bin\n${LD}/out/big.c.o:(.text.xs_big+0x0): undefined reference to \`away'\n${LD}/out/big.c.o: in function \`xs_big':\n/c/big.c:2: undefined reference to \`away'\n${MAKE}`,
			'xs_big uses away, which nothing defines'],
		['the same without its user', `${LD}/out/big.c.o:(.text.xs_big+0x0): undefined reference to \`away'\n${MAKE}`, "/out/big.c.o:(.text.xs_big+0x0): undefined reference to `away'"],
		['an error in C', "# cc big.c.o\n/c/big.c: In function 'xs_big':\n/c/big.c:2:47: error: expected expression before ';' token\n    2 | void\nmake: *** [/out/makefile:1641: /out/big.c.o] Error 1\n",
			"/c/big.c:2:47: error: expected expression before ';' token"],
		['a header that is not there', '/c/big.c:2:10: fatal error: nothere.h: No such file or directory\n    2 | #include "nothere.h"\ncompilation terminated.\nmake: *** [/out/makefile:1641: /out/big.c.o] Error 1\n',
			'/c/big.c:2:10: fatal error: nothere.h: No such file or directory'],
		['a Python without pyserial, after the link', '# ld main.bin\nTraceback (most recent call last):\n  File "/esp/esptool.py", line 35, in <module>\n    import serial.tools.list_ports as list_ports\n'
			+ "ModuleNotFoundError: No module named 'serial'\nmake: *** [/out/makefile:703: /out/main.bin] Error 1\n", 'the Python that makes the image lacks pyserial: install it (Debian: apt install python3-serial)'],
		['another module of Python', "Traceback (most recent call last):\nModuleNotFoundError: No module named 'cryptography'\n", "ModuleNotFoundError: No module named 'cryptography'"],
		['a full disk', "/usr/bin/ld: final link failed: No space left on device\n" + MAKE, 'the disk is full: make room and build again'],
		['a compiler that is not there', 'make: *** [/out/makefile:742: /out/abi.cpp.o] Error 127\nmake: /tc/bin/xtensa-lx106-elf-gcc: No such file or directory\n',
			'/tc/bin/xtensa-lx106-elf-gcc cannot be started: it is not there or no program of this machine; set its SDK up again'],
		['tsc that is not on the PATH', '# tsc backlog.ts\n/bin/sh: 1: tsc: not found\n# typescript compile failure\nmake: *** [/out/makefile:889: /out/backlog.js] Error 1\n',
			'tsc cannot be started: it is not there or no program of this machine; set its SDK up again'],
		['ESP-IDF that was not set up in this shell', 'bash: line 1: idf.py: command not found\nmake: [/out/makefile:659: build] Error 127 (ignored)\nmake: *** [/out/makefile:660: build] Error 1\n',
			'idf.py cannot be started: it is not there or no program of this machine; set its SDK up again'],
		['a partition table that is not there', "make: *** No rule to make target '/telltale/hardware/esp32-partitions.csv', needed by '/out/xsProj-esp32/partitions.csv'.  Stop.\n",
			'/telltale/hardware/esp32-partitions.csv is not there, and partitions.csv is made of it'],
		['another version of ESP-IDF', '*** Update required to ESP-IDF 6.0 (found 5.1)\n  See update instructions at: https://example.org\nExpected ESP IDF v6.0, found v5.1\nmake: *** [/out/makefile:702: idfVersionCheck] Error 1\n',
			'Update required to ESP-IDF 6.0 (found 5.1)'],
		['nothing but make', 'make: *** [/out/makefile:702: all] Error 1\n', '[/out/makefile:702: all] Error 1'],
	])('is said of %s', (_what, output, sentence) => {
		expect(faultIn(LINKED + output)).toBe(sentence);
	});

	it.each([
		['of the compiler of TypeScript', '# tsc text.ts\n../src/text.ts(123,18): error TS1109: Expression expected.\n# typescript compile failure\nmake: *** [/out/makefile:1072: /out/text.js] Error 1\n',
			'../src/text.ts(123,18): error TS1109: Expression expected'],
		['of a module that is not in the manifest', 'ReferenceError: module "./nopes.js" not found\n### ReferenceError: module "./nopes.js" not found!\nmake: *** [/out/makefile:751: /out/mc.xs.c] Error 22\n',
			'ReferenceError: module "./nopes.js" not found'],
		['of what cannot be preloaded, with its module', 'TypeError: link: unavailable function\n at src/common/text ()\n### TypeError: link: unavailable function!\n', 'TypeError: link: unavailable function, in src/common/text'],
		['of a manifest that is not there', "### Error: '/sdk/wofi/manifest.json': manifest not found!\n", "Error: '/sdk/wofi/manifest.json': manifest not found"],
	])('before XS is linked is said in the words %s', (_whose, output, sentence) => {
		expect(faultIn(output)).toBe(sentence);
	});

	it('is none where there is none, nor is what the linker of XS says of its success or warns of', () => {
		expect(faultIn(LINKED)).toBe('');
		expect(faultIn(`### warning: source map not found x.map!\n# cc xsError.c (strings in flash + force-l32)\n${LINKED}`)).toBe('');
	});

	it('is shown without the colours and the tricks of whoever said it', () => {
		expect(faultIn('\u001b[1m\u001b[31mbig.c:1:1: error: \u001b[0mno\u009b2J such\u202e thing\r\n')).toBe('big.c:1:1: error: no such\\u202e thing');
		expect(faultIn('big.c:1:1: error: bell\u0007 and tab\tthere\n')).toBe('big.c:1:1: error: bell\\u0007 and tab\\u0009there');
	});

	it('is no longer than a person reads', () => {
		expect(faultIn(`x.c:1:1: error: ${'x'.repeat(500)}`)).toHaveLength(200);
	});
});

describe('A failure that the makefile ignores', () => {
	it.each([
		['ninja: build stopped: subcommand failed.', true],
		['make: [/out/makefile:659: build] Error 2 (ignored)', true],
		['make[1]: [/out/makefile:659: build] Error 127 (ignored)', true],
		['make: [/out/makefile:664: build] Error 1 (ignored)', false],
		['make: [/out/makefile:664: build] Error 12 (ignored)', true],
		['# ld main.bin', false],
	])('%j: %s', (output, failed) => {
		expect(failedUnheard(`# a\n${output}\n# b`)).toBe(failed);
	});
});
