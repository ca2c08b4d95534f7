import { compileExamples } from '@parley/testkit';

test('compiles every @example of the SDK', () => {
  const { count, errors } = compileExamples('packages/client');
  expect(errors).toBe('');
  expect(count).toBeGreaterThan(10);
});
