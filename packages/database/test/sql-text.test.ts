import { parseSql, splitStatements } from '../src/sql-text.js';

const textOf = (source: string) => parseSql(source, { KIND_EDIT: '1' });

test('parseSql() numbers parameters in the order of their first appearance', () => {
  expect(textOf('SELECT :b, :userId::int, (:b)')).toEqual({
    text: 'SELECT $1, $2::int, ($1)',
    parameters: ['b', 'userId'],
  });
});

test('parseSql() replaces constants and rejects unknown ones', () => {
  expect(textOf('kind = :KIND_EDIT').text).toBe('kind = 1');
  expect(() => textOf('kind = :KIND_PIN')).toThrow('The constant :KIND_PIN is unknown.');
});

test.each([
  ['casts', "SELECT x::text, 'a'::uuid, (1)::int[]"],
  ['line comments', 'SELECT 1 -- of :a'],
  ['block comments', 'SELECT /* of :a\n :b */ 1'],
  ['strings', "SELECT ':a', 'it''s :b', E'\\':c'"],
  ['quoted names', 'SELECT 1 AS ":a"'],
  ['dollar quotes', 'SELECT $$ :a $$, $x$ :b $$ $x$'],
  ['array slices', "SELECT a[1:n], a[x:y], a[f(x):y], a[b[1]:y], a['1':y], a[ 1 : n ]"],
])('leaves %s alone', (_, source) => {
  expect(textOf(source)).toEqual({ text: source, parameters: [] });
});

test('recognises a parameter after a string, an operator, or an opening bracket', () => {
  expect(textOf("SELECT ':x' || :a, ARRAY[:b], f(:c), x=:d").parameters).toEqual(['a', 'b', 'c', 'd']);
});

test('rejects numbered parameters, and names that are neither camelCase nor UPPER_CASE', () => {
  expect(() => textOf('SELECT $1')).toThrow('$1 has no name. Write it as :name.');
  expect(() => textOf('SELECT :user_id')).toThrow(':user_id is neither camelCase nor UPPER_CASE.');
});

test('splits a file at the names of its statements, without the comment of the next statement', () => {
  const file =
    '-- About both.\n\n-- First.\n-- name: one\nSELECT 1 -- in it\n;\n\n-- Second.\n-- name: two\nSELECT 2;\n';
  expect(splitStatements(file)).toEqual(
    new Map([
      ['one', 'SELECT 1 -- in it\n;'],
      ['two', 'SELECT 2;'],
    ]),
  );
});

test('rejects a name that occurs twice and SQL without a name', () => {
  expect(() => splitStatements('-- name: one\nSELECT 1;\n-- name: one\nSELECT 2;\n')).toThrow('one');
  expect(() => splitStatements('SELECT 1;\n-- name: one\nSELECT 2;\n')).toThrow('The first statement has no name.');
});
