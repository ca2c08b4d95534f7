import { givenName, nameOf } from '../src/state/names.js';

const called = (names: Record<string, string>) => Object.keys(names).map((id) => nameOf(names, id));

test('adds the id to names that two users share', () => {
  expect(called({ ann: 'Ann', bob: 'Bob' })).toEqual(['Ann', 'Bob']);
  expect(called({ ann: 'Ann', ann2: 'Ann', bob: 'Bob' })).toEqual(['Ann (ann)', 'Ann (ann2)', 'Bob']);
  expect(givenName({ ann: 'Ann', ann2: 'Ann' }, 'ann2')).toBe('Ann');
});

test.each([['ann'], ['Ａｎｎ'], ['A\u200bnn'], [' Ann ']])('adds the id to %j, which looks like Ann', (name) => {
  expect(called({ ann: 'Ann', eve: name })).toEqual(['Ann (ann)', `${name} (eve)`]);
});

test.each([
  '\u0410lice',
  'Al\u0456ce',
  'Alic\u0435',
  'AIice',
  'A1ice',
  'Alic\u1eb9',
  'Alice.',
  'Alice \u2713',
  'A l i c e',
])('adds the id to %j, which looks like Alice', (name) => {
  expect(called({ alice: 'Alice', eve: name })).toEqual(['Alice (alice)', `${name} (eve)`]);
});

test('adds no id to names that differ at a glance', () => {
  const names = { a: 'Anna', b: 'Hannah', c: 'Борис', d: 'Бориса', e: '李', f: '林', g: '😀', h: '😎', i: 'أحمد' };
  expect(called(names)).toEqual(Object.values(names));
});

test('adds the id to a name that looks like an id or like a name with an id', () => {
  expect(called({ bob: 'Robert', eve: 'bob' })).toEqual(['Robert', 'bob (eve)']);
  expect(called({ eve: 'Ann (ann)' })).toEqual(['Ann (ann) (eve)']);
  expect(called({ ann: 'ann', eve: 'Ann' })).toEqual(['ann', 'Ann (eve)']);
});

test('uses the id if the name is missing or invisible', () => {
  expect([nameOf({}, 'ann'), nameOf({ ann: '\u200b ' }, 'ann'), nameOf({}, 'constructor')]).toEqual([
    'ann',
    'ann',
    'constructor',
  ]);
});
