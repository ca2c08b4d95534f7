import { hasTraces } from './start-tracing.js';

const name = 'OTEL_EXPORTER_OTLP_ENDPOINT';
const endpoint = { [name]: 'http://collector:4318' };

test('traces are on if there is a collector and nothing turns them off', () => {
  expect(hasTraces({})).toBe(false);
  expect(hasTraces({ [name]: '' })).toBe(false);
  expect(hasTraces(endpoint)).toBe(true);
  expect(hasTraces({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://collector/v1/traces' })).toBe(true);
  expect(hasTraces({ ...endpoint, OTEL_SDK_DISABLED: 'true' })).toBe(false);
  expect(hasTraces({ ...endpoint, OTEL_TRACES_EXPORTER: 'none' })).toBe(false);
  expect(() => hasTraces({ [name]: 'collector:4318' })).toThrow(`${name} is no URL.`);
});
