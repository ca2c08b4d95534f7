import { readFileSync } from 'node:fs';

const manifest: { readonly version: string } = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
);

/** The version of Parley, such as `0.1.0`. All packages have the same version. */
export const version = manifest.version;
