import { compileExamples, exportsWithoutExample } from '../src/index.js';

test.each([
  ['service-kit', 30],
  ['fanout', 7],
])('compiles every @example of %s', (name, least) => {
  const { count, errors } = compileExamples(`packages/${name}`);
  expect(errors).toBe('');
  expect(count).toBeGreaterThanOrEqual(least);
});

test.each(['client', 'fanout', 'service-kit'])('every function and class that %s exports has an @example', (name) => {
  expect(exportsWithoutExample(`packages/${name}`)).toEqual([]);
});
