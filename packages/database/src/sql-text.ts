/**
 * Matches `:name`, or text that is not a parameter (comments, strings, quoted names, numbered
 * parameters). A colon after another colon, a word, a bracket or a quote belongs to a cast or to a
 * slice of an array.
 */
const token =
  /--[^\n]*|\/\*[\s\S]*?\*\/|(?<!\w)[eE]'(?:[^'\\]|\\[\s\S])*'|'[^']*'|"[^"]*"|(?<!\w)\$(\w*)\$[\s\S]*?\$\1\$|(?<!\w)(?<numbered>\$\d+)|(?<![:\w\])'"]):(?<name>[A-Za-z]\w*)/g;
const heading = /^-- name:(.*)\n/m;

export interface SqlText {
  readonly text: string;
  /** Names of the parameters; the first one is `$1`. */
  readonly parameters: readonly string[];
}

/**
 * Replaces each parameter `:userId` by `$n`, in order of first appearance, and each constant
 * `:KIND_EDIT` by its value, which may contain parameters.
 * @throws {Error} if a constant is unknown, a name is neither camelCase nor UPPER_CASE, or a
 * parameter is a number such as `$1`.
 */
export function parseSql(source: string, constants: Readonly<Record<string, string>>): SqlText {
  const parameters: string[] = [];
  const replaceToken = (match: string, ...rest: unknown[]): string => {
    const { name, numbered } = rest.at(-1) as { name?: string; numbered?: string };
    if (numbered !== undefined) throw new Error(`${numbered} has no name. Write it as :name.`);
    if (name === undefined) return match;
    if (/^[A-Z][A-Z0-9_]*$/.test(name)) return constantOf(name, constants).replace(token, replaceToken);
    if (!/^[a-z][A-Za-z0-9]*$/.test(name)) throw new Error(`:${name} is neither camelCase nor UPPER_CASE.`);
    if (!parameters.includes(name)) parameters.push(name);
    return `$${parameters.indexOf(name) + 1}`;
  };
  return { text: source.replace(token, replaceToken), parameters };
}

function constantOf(name: string, constants: Readonly<Record<string, string>>): string {
  const value = constants[name];
  if (value === undefined) throw new Error(`The constant :${name} is unknown.`);
  return value;
}

/**
 * Splits a file into its statements, each after a line `-- name: renewLease`. The comments above
 * such a line belong to the statement that it introduces.
 * @throws {Error} if two statements have one name, or there is SQL before the first name.
 */
export function splitStatements(source: string): ReadonlyMap<string, string> {
  const [preamble = '', ...parts] = source.split(heading);
  if (withoutTrailingComments(preamble) !== '') throw new Error('The first statement has no name.');
  const found = new Map<string, string>();
  for (let at = 0; at < parts.length; at += 2) {
    const name = (parts[at] ?? '').trim();
    if (found.has(name)) throw new Error(`Two statements have the name ${name}.`);
    found.set(name, withoutTrailingComments(parts[at + 1] ?? ''));
  }
  return found;
}

function withoutTrailingComments(source: string): string {
  const lines = source.trimEnd().split('\n');
  const last = lines.findLastIndex((line) => !/^\s*(--.*)?$/.test(line));
  return lines.slice(0, last + 1).join('\n');
}
