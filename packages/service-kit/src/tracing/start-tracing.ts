import { type Logger, type Part, setTracer } from '@parley/runtime';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Returns whether the environment turns traces on: it names a collector and does not turn them off.
 * @throws {Error} one sentence if the address of the collector is no URL.
 */
export function hasTraces(env: Environment): boolean {
  const name = env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT
    ? 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'
    : 'OTEL_EXPORTER_OTLP_ENDPOINT';
  const endpoint = env[name] ?? '';
  if (endpoint === '' || env.OTEL_SDK_DISABLED === 'true' || (env.OTEL_TRACES_EXPORTER || 'otlp') !== 'otlp')
    return false;
  if (/^https?:\/\/./.test(endpoint) && URL.canParse(endpoint)) return true;
  throw new Error(`${name} is no URL. Use one like http://collector:4318, or remove it to turn traces off.`);
}

/**
 * Turns traces on if the environment says so. Only then loads the library for them. Returns the
 * part that sends the last spans when it stops.
 * @throws {Error} one sentence if the address of the collector is no URL.
 */
export async function startTracing(service: string, log: Logger, env: Environment = process.env): Promise<Part> {
  if (!hasTraces(env)) return { stop: () => {} };
  const { openTracer } = await import('./otlp-tracer.js');
  const tracer = openTracer(service, log);
  setTracer(tracer);
  return {
    async stop() {
      setTracer(undefined);
      await tracer.stop();
    },
  };
}
