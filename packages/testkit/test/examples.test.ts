import { compileExamples } from '../src/index.js';

test('compiles every @example of the service kit', () => {
  const { count, errors } = compileExamples('packages/service-kit');
  expect(errors).toBe('');
  expect(count).toBeGreaterThan(10);
});
