// The law of numbers in text: the engine turns only whole numbers of 32 bits, held as such, into text; and no text into numbers.
//
// Why: XS makes the digits of any other number (xsdtoa.c) in the machine's own free room or, where that is short, on the system's heap, and restarts the chip
// when that is empty; and the result of a division is such a number even where it is whole. Values cannot show that: 5 and 10 / 2 are the same to a program.
// So the compiler's own types are asked, and every place is judged, also those that no test runs.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { API, TypeFlags, type Checker, type Type } from 'typescript/unstable/sync';
import { SyntaxKind, type Node, type SourceFile } from 'typescript/unstable/ast';
import { afterAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
/** Right and wrong ways; those that the judge must find are marked. */
const EXAMPLES = join(root, 'test/support/numbers-in-text.ts');

const api = new API({ cwd: root });
const project = api.updateSnapshot({ openProject: join(root, 'tsconfig.json') }).getProjects()[0]!;
afterAll(() => api.close());

/** Bit operators whose result XS always holds as a whole number of 32 bits; `>>>` may be beyond. */
const WHOLE_OPERATORS = new Set<string>(['|', '&', '^', '>>', '<<']);
/** Makes digits however its number is held. */
const DIGIT_MAKERS = new Set(['toFixed', 'toPrecision', 'toExponential', 'toLocaleString']);
const PARSERS = new Set(['parseFloat', 'parseInt', 'JSON.parse', 'Number.parseFloat', 'Number.parseInt']);

/** What is wrong in a file, one line each. */
function complaints(path: string): string[] {
	const file = project.program.getSourceFile(path)!;
	const found: string[] = [];
	walk(file, (node) => {
		const sentence = judge(node, project.checker);
		if (sentence) found.push(`${path.slice(root.length)}:${lineOf(file, node)} ${sentence}`);
	});
	return found;
}

// The syntax tree's classes are many; what is asked of a node is named where its kind is known.
type Asked = Node & Record<'expression' | 'left' | 'right' | 'operand' | 'argumentExpression', Node> & { arguments: readonly Node[]; operatorToken: Node; operator: SyntaxKind; name: Node };

function judge(any: Node, checker: Checker): string {
	const node = any as Asked;
	switch (node.kind) {
		case SyntaxKind.TemplateSpan:
			return safe(node.expression, checker) ? '' : `puts ${shown(node.expression)} into text`;
		case SyntaxKind.BinaryExpression: {
			if (![SyntaxKind.PlusToken, SyntaxKind.PlusEqualsToken].includes(node.operatorToken.kind)) return '';
			const sides = [node.left, node.right];
			if (!sides.some((side) => may(side, checker, TypeFlags.StringLike))) return '';
			return sides.every((side) => safe(side, checker)) ? '' : `adds a number to text: ${shown(node)}`;
		}
		case SyntaxKind.PrefixUnaryExpression:
			return node.operator === SyntaxKind.PlusToken && may(node.operand, checker, TypeFlags.StringLike) ? `reads a number: ${shown(node)}` : '';
		case SyntaxKind.CallExpression:
			return judgeCall(node, checker);
	}
	return '';
}

function judgeCall(node: Asked, checker: Checker): string {
	const callee = node.expression.getText();
	const [argument] = node.arguments;
	if (callee === 'String') return !argument || safe(argument, checker) ? '' : `puts ${shown(argument)} into text`;
	// It takes 1,024 bytes of the system's heap besides, whatever it is given.
	if (callee === 'JSON.stringify') return `uses ${shown(node)}`;
	if (PARSERS.has(callee)) return `reads a number: ${shown(node)}`;
	if (callee === 'Number') return argument && may(argument, checker, TypeFlags.StringLike) ? `reads a number: ${shown(node)}` : '';
	if (node.expression.kind !== SyntaxKind.PropertyAccessExpression) return '';
	const { expression: of, name } = node.expression as Asked;
	const method = name.getText();
	if (DIGIT_MAKERS.has(method)) return `uses ${shown(node)}`;
	if (method === 'join') return joinsText(of, checker) ? '' : `joins what is no text: ${shown(node)}`;
	// With another base XS counts in its own memory.
	if (method === 'toString' && !(argument && /^(2|8|16|36)$/.test(argument.getText()))) return safe(of, checker) ? '' : `puts ${shown(of)} into text`;
	return '';
}

/** Nothing but text and whole numbers of 32 bits can come of it. */
function safe(expression: Node, checker: Checker): boolean {
	const node = expression as Asked;
	if (node.kind === SyntaxKind.ParenthesizedExpression) return safe(node.expression, checker);
	if (node.kind === SyntaxKind.BinaryExpression && WHOLE_OPERATORS.has(node.operatorToken.getText())) return true;
	if (node.kind === SyntaxKind.PropertyAccessExpression && node.name.getText() === 'length') return true;
	return parts(checker.getTypeAtLocation(node)).every(isSafe);
}

function isSafe(type: Type): boolean {
	if (type.flags & TypeFlags.NumberLiteral) return isWhole((type as Type & { value: number }).value);
	if (type.flags & TypeFlags.Intersection) return (type as Type & { getTypes(): readonly Type[] }).getTypes().some(isSafe);
	if (type.flags & TypeFlags.Object) return /^(\w+)?Error$/.test(type.getSymbol()?.name ?? '');
	return !(type.flags & (TypeFlags.NumberLike | TypeFlags.BigIntLike | TypeFlags.Any | TypeFlags.Unknown | TypeFlags.TypeParameter | TypeFlags.NonPrimitive));
}

function isWhole(value: number): boolean {
	return value === (value | 0) && !Object.is(value, -0);
}

function may(expression: Node, checker: Checker, flags: TypeFlags): boolean {
	return parts(checker.getTypeAtLocation(expression)).some((type) => Boolean(type.flags & flags));
}

function parts(type: Type | undefined): readonly Type[] {
	if (!type) throw new Error('an expression has no type');
	return type.flags & TypeFlags.Union ? (type as Type & { getTypes(): readonly Type[] }).getTypes().flatMap(parts) : [type];
}

/** A list of text or of small whole numbers, or what is no list and has a join() of its own. */
function joinsText(of: Node, checker: Checker): boolean {
	const type = checker.getTypeAtLocation(of)!;
	const name = checker.typeToString(type);
	if (/^(Uint8|Int8|Uint16|Int16|Int32)Array\b/.test(name)) return true;
	if (/^(Uint32|Float\w+)Array\b/.test(name)) return false;
	const element = checker.getIndexInfosOfType(type).find(({ keyType }) => keyType.flags & TypeFlags.Number);
	return !element || parts(element.valueType).every(isSafe);
}

function shown(node: Node): string {
	return node.getText().replace(/\s+/g, ' ').slice(0, 70);
}

function lineOf(file: SourceFile, node: Node): number {
	return file.text.slice(0, node.getStart()).split('\n').length;
}

function walk(node: Node, visit: (node: Node) => void): void {
	visit(node);
	node.forEachChild((child) => void walk(child, visit));
}

function filesIn(folder: string): string[] {
	return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
		.filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
		.map((entry) => join(entry.parentPath, entry.name));
}

describe('numbers in the firmware', () => {
	it('are whole and of 32 bits wherever the engine puts them into text', () => {
		// How parts are wired, and their twins, are of the host.
		const files = ['src', 'sensors', 'hardware', 'clients'].flatMap(filesIn).filter((file) => !/\/(wiring|simulated)\.ts$/.test(file));
		expect(files.length).toBeGreaterThan(60);
		expect(files.flatMap(complaints)).toEqual([]);
	});

	it('are seen by this judge in every way that there is to put them into text, and to read them from it', () => {
		const wrong = readFileSync(EXAMPLES, 'utf8').split('\n').flatMap((line, index) => (/\/\/ wrong$/.test(line) ? [index + 1] : []));
		const found = complaints(EXAMPLES).map((sentence) => Number(/^[^:]+:(\d+) /.exec(sentence)![1]));
		expect(found).toEqual(wrong);
		expect(wrong.length).toBeGreaterThan(20);
	});
});
