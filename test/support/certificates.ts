// Certificates that a test makes for itself with the openssl command, in a folder that goes with the test.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const opensslMissing = spawnSync('openssl', ['version']).status !== 0;
if (opensslMissing) console.log('openssl is not installed: the tests of TLS are skipped (Debian: apt install openssl).');

export interface Made {
	/** Paths of PEM files. */
	readonly cert: string;
	readonly key: string;
}

export interface Wanted {
	/** As openssl's subjectAltName: "DNS:localhost,IP:127.0.0.1"; '' for none. */
	names?: string;
	ca?: boolean;
	/** Signs it; else it signs itself. */
	by?: Made;
	/** Days from now; negative for the past. */
	fromDays?: number;
	toDays?: number;
	/** "rsa:2048" or a curve of openssl's. */
	key?: string;
	digest?: string;
	subject?: string;
}

export class CertificateMaker {
	readonly folder = mkdtempSync(join(tmpdir(), 'telltale-certificates-'));
	#count = 0;

	path(name: string): string {
		return join(this.folder, name);
	}

	make(name: string, { names = '', ca = false, by, fromDays = -1, toDays = 30, key = 'rsa:2048', digest = 'sha256', subject = name }: Wanted = {}): Made {
		const made = { cert: this.path(`${name}.pem`), key: this.path(`${name}.key`) };
		const algorithm = key.startsWith('rsa:') ? ['-newkey', key] : ['-newkey', 'ec', '-pkeyopt', `ec_paramgen_curve:${key}`];
		const config = this.path(`${name}.cnf`);
		const lines = ['[req]', 'distinguished_name=dn', '[dn]', '[ext]', `basicConstraints=critical,CA:${ca ? 'TRUE' : 'FALSE'}`];
		if (names) lines.push(`subjectAltName=${names}`);
		writeFileSync(config, `${lines.join('\n')}\n`);
		openssl('req', '-new', ...algorithm, '-nodes', '-keyout', made.key, '-out', this.path(`${name}.csr`), '-subj', `/CN=${subject}`, '-config', config);
		this.#sign(name, config, by ?? made, by === undefined, made, [day(fromDays), day(toDays)], digest);
		return made;
	}

	/** openssl's small CA: the only one of its commands that takes both dates in version 3.0. */
	#sign(name: string, config: string, by: Made, self: boolean, made: Made, [from, to]: [string, string], digest: string): void {
		const index = this.path(`index-${name}`);
		writeFileSync(index, '');
		writeFileSync(`${index}.serial`, (++this.#count + 4096).toString(16));
		const policy = this.path(`ca-${name}.cnf`);
		writeFileSync(policy, `[ca]\ndefault_ca=d\n[d]\ndatabase=${index}\nserial=${index}.serial\nnew_certs_dir=${this.folder}\npolicy=p\nunique_subject=no\n[p]\ncommonName=supplied\n`);
		const who = self ? ['-selfsign', '-keyfile', by.key] : ['-cert', by.cert, '-keyfile', by.key];
		openssl('ca', '-batch', '-notext', '-config', policy, ...who, '-in', this.path(`${name}.csr`), '-out', made.cert, '-startdate', from, '-enddate', to, '-md', digest, '-extfile', config, '-extensions', 'ext');
	}

	dispose(): void {
		rmSync(this.folder, { recursive: true, force: true });
	}
}

/** The certificates of a PEM file in DER, one after the other. */
export function der(...paths: string[]): Uint8Array {
	const blocks = paths.flatMap((path) => readFileSync(path, 'utf8').match(/-----BEGIN [^-]+-----[^-]+-----END [^-]+-----/g) ?? []);
	return Buffer.concat(blocks.map((block) => Buffer.from(block.replace(/-----[^-]+-----|\s/g, ''), 'base64')));
}

export function read(...paths: string[]): string {
	return paths.map((path) => readFileSync(path, 'utf8')).join('');
}

function day(days: number): string {
	return `${new Date(Date.now() + days * 86_400_000).toISOString().replace(/[-:T]|\.\d+/g, '')}`;
}

function openssl(...words: string[]): void {
	const { status, stderr } = spawnSync('openssl', words, { encoding: 'utf8' });
	if (status !== 0) throw new Error(`openssl ${words.join(' ')}: ${stderr}`);
}
