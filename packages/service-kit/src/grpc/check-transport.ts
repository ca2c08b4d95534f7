import { createRequire } from 'node:module';

const load = createRequire(import.meta.url);

/**
 * Two versions of grpc-js: the installed one, and the one whose private members this code was
 * tested with.
 */
export interface TransportVersions {
  readonly installed: string;
  readonly tested: string;
}

function readVersions(): TransportVersions {
  const { version: installed } = load('@grpc/grpc-js/package.json') as { version: string };
  const { dependencies } = load('../../../package.json') as { dependencies: Record<string, string> };
  return { installed, tested: String(dependencies['@grpc/grpc-js']) };
}

/**
 * Checks the version of grpc-js, because raw streams use its private members.
 * @throws {Error} one sentence if another version is installed.
 */
export function checkTransport({ installed, tested }: TransportVersions = readVersions()): void {
  if (installed === tested) return;
  throw new Error(
    `@grpc/grpc-js ${installed} is installed, but only ${tested} is known to work. Install the packages again.`,
  );
}
