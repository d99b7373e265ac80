import { data, Evaluator, Lexer, Parser } from '@actions/expressions';

/** What expressions can see, by the names of the contexts. */
export type Contexts = Readonly<Record<string, unknown>>;

const STATUS = ['always', 'success', 'failure', 'cancelled'] as const;
const NAMES = [
  'github',
  'inputs',
  'secrets',
  'vars',
  'needs',
  'matrix',
  'strategy',
  'steps',
  'job',
  'env',
  'runner',
  'jobs',
];

/** Evaluates one expression with GitHub's own evaluator; `failed` is what the status functions go by. */
function evaluate(expression: string, contexts: Contexts, failed = false): unknown {
  const functions = STATUS.map((name) => ({
    name,
    minArgs: 0,
    maxArgs: 0,
    call: () => new data.BooleanData(name === 'always' || name === (failed ? 'failure' : 'success')),
  }));
  const parsed = new Parser(new Lexer(expression).lex().tokens, NAMES, functions).parse();
  const known = Object.fromEntries(NAMES.map((name) => [name, contexts[name] ?? {}]));
  const context: unknown = JSON.parse(JSON.stringify(known), data.reviver);
  if (!(context instanceof data.Dictionary)) throw new TypeError('contexts are a dictionary');
  const table = new Map(functions.map((one) => [one.name, one]));
  return JSON.parse(JSON.stringify(new Evaluator(parsed, context, table).evaluate(), data.replacer));
}

/** Fills in the expressions of a text; a text that is one expression keeps its type. */
export function fill(text: unknown, contexts: Contexts): unknown {
  if (typeof text !== 'string') return text;
  const [, whole] = /^\$\{\{((?:(?!\}\}).)*)\}\}$/s.exec(text.trim()) ?? [];
  if (whole !== undefined) return evaluate(whole, contexts);
  return text.replace(/\$\{\{(.*?)\}\}/gs, (_, expression: string) => toText(evaluate(expression, contexts)));
}

/** Fills in all values of a mapping, as the texts that steps get. */
export function fillAll(mapping: Readonly<Record<string, unknown>>, contexts: Contexts): Record<string, string> {
  return Object.fromEntries(Object.entries(mapping).map(([name, value]) => [name, toText(fill(value, contexts))]));
}

/** Tells whether something with this `if:` runs; without a status function, only when nothing failed. */
export function applies(condition: unknown, contexts: Contexts, failed: boolean): boolean {
  const text = typeof condition === 'string' ? condition.replace(/^\s*\$\{\{|\}\}\s*$/g, '') : 'true';
  const whole = /\b(always|success|failure|cancelled)\(\)/.test(text) ? text : `success() && (${text})`;
  const value = evaluate(whole, contexts, failed);
  return value !== false && value !== null && value !== 0 && value !== '';
}

function toText(value: unknown): string {
  return value === null || value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value);
}
