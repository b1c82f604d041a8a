// Moddable's "net": what the interface knows of itself, and the resolver.

import type SDK from 'net';
import { call, on } from './host.js';

type Resolved = (name: string, address?: string) => void;

const waiting: Record<number, Resolved | undefined> = {};

on('resolved', (id: number, name: string, address: string | null) => {
	const callback = waiting[id]!;
	delete waiting[id];
	callback(name, address ?? undefined);
});

class Net {
	static get(property: string, nif?: string): never {
		return (call('net.get', property, nif ?? null) ?? undefined) as never;
	}

	static resolve(host: string, callback: Resolved): void {
		waiting[call<number>('net.resolve', String(host))] = callback;
	}
}

Net satisfies typeof SDK;
export default Net;
