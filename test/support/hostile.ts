// What a terminal obeys, for tests of what is printed.

/** Each kind once: C0, DEL, C1, the separators, both kinds of direction, and the marks of one. */
export const HOSTILE = 'a\u001b[2J\r\n\t\u007f\u0085\u009b31mb\u2028\u2029\u202a\u202b\u202c\u202d\u202ec\u2066\u2067\u2068\u2069\u200e\u200f\u061cd';
/** What must not be in a line that is printed. */
export const OBEYED = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]/;
