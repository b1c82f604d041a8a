// Topic filters as a server reads them. MQTT 3.1.1 and 5.0 §4.7.

export function isFilter(filter: string): boolean {
	const levels = filter.split('/');
	return filter !== '' && levels.every((level, i) => level === '+' || (level === '#' && i === levels.length - 1) || !/[+#]/.test(level));
}

/** §4.7: wildcards, and not for topics that begin with "$". */
export function matches(filter: string, topic: string): boolean {
	if (topic.startsWith('$') && /^[+#]/.test(filter)) return false;
	const wanted = filter.split('/');
	const levels = topic.split('/');
	for (let i = 0; i < wanted.length; i++) {
		if (wanted[i] === '#') return true;
		if (i >= levels.length || (wanted[i] !== '+' && wanted[i] !== levels[i])) return false;
	}
	return wanted.length === levels.length;
}
