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
