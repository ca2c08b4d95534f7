import { createRequire } from 'node:module';

const load = createRequire(import.meta.url);

/** The version of grpc-js that is installed, and the one whose inside this code was tested with. */
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
 * Holds the version of grpc-js: taken streams write to a private part of it.
 * @throws {Error} one sentence where another version is installed.
 */
export function checkTransport({ installed, tested }: TransportVersions = readVersions()): void {
  if (installed === tested) return;
  throw new Error(
    `@grpc/grpc-js ${installed} is installed, but only ${tested} is known to work: run the install again`,
  );
}
