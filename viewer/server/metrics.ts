// Whether nodes are alive, in the text format of Prometheus: https://prometheus.io/docs/instrumenting/exposition_formats/
//
// Rule: liveness, not readings: what Prometheus has not taken in time it never takes, so that late readings would be lost in it.

import { stateOf, type NodeState } from '../state.js';
import type { Viewer } from '../viewer.js';

type Sample = number | undefined;

interface Metric {
	readonly name: string;
	readonly type: 'gauge' | 'counter';
	readonly help: string;
	of(state: NodeState): Sample;
}

const METRICS: readonly Metric[] = [
	{ name: 'telltale_node_up', type: 'gauge', help: '1 while the node is online, 0 while it is offline or stopped.', of: ({ status }) => (status === undefined ? undefined : Number(status === 'online' || status === 'sleeping')) },
	{ name: 'telltale_node_reading_age_seconds', type: 'gauge', help: 'Time since the last reading was taken.', of: ({ age }) => age },
	{ name: 'telltale_node_readings_total', type: 'counter', help: 'Readings that came, live and late.', of: ({ received }) => received },
	{ name: 'telltale_node_readings_late_total', type: 'counter', help: 'Of these, those that came late.', of: ({ late }) => late },
	{ name: 'telltale_node_readings_missing', type: 'gauge', help: 'Readings that did not come and that the node does not say it holds.', of: ({ missing }) => missing },
	{ name: 'telltale_node_readings_waiting', type: 'gauge', help: 'Readings that did not come yet: the node holds them.', of: ({ toCome }) => toCome },
	{ name: 'telltale_node_readings_dropped_total', type: 'counter', help: 'Readings that the node gave up, and says so.', of: ({ dropped }) => dropped },
	{ name: 'telltale_node_outages_total', type: 'counter', help: 'Outages that the node told.', of: ({ outages }) => outages },
	{ name: 'telltale_node_rssi_dbm', type: 'gauge', help: 'Strength of its Wi-Fi.', of: ({ rssi }) => rssi },
	{ name: 'telltale_node_uptime_seconds', type: 'gauge', help: 'Time since the node started.', of: ({ uptime }) => uptime },
	{ name: 'telltale_node_sensor_errors', type: 'gauge', help: 'Failures of parts since the node started.', of: ({ sensorErrors, uptime }) => (uptime === undefined ? undefined : sensorErrors) },
	{ name: 'telltale_node_fault', type: 'gauge', help: '1 while a part does not answer or the node is in safe mode.', of: ({ fault, isSafeMode }) => Number(fault !== '' || isSafeMode) },
	{ name: 'telltale_node_refused_total', type: 'counter', help: 'Messages of the node that do not follow the contract.', of: ({ refused }) => refused },
];

export const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

export function metrics(viewer: Viewer, now = Date.now()): string {
	const states = [...viewer.nodes.values()].map((node) => stateOf(node, now));
	const nodes = METRICS.flatMap(({ name, type, help, of }) => [
		...heading(name, type, help),
		...states.flatMap((state) => {
			const sample = of(state);
			return sample === undefined ? [] : [`${name}{node="${label(state.name)}"} ${Number.isInteger(sample) ? sample : sample.toFixed(3)}`];
		}),
	]);
	const brokers = viewer.links.map(({ url, up }) => `telltale_broker_up{broker="${label(url)}"} ${Number(up)}`);
	const { malformed, foreign, beyond } = viewer.refused;
	return [
		...heading('telltale_broker_up', 'gauge', '1 while this program is connected to the broker.'), ...brokers,
		...heading('telltale_refused_total', 'counter', 'Messages that were not taken, by why.'),
		...Object.entries({ malformed, foreign, beyond }).map(([why, count]) => `telltale_refused_total{why="${why}"} ${count}`),
		...nodes, '',
	].join('\n');
}

function heading(name: string, type: string, help: string): string[] {
	return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`];
}

function label(text: string): string {
	return text.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n');
}
