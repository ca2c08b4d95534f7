import { readFileSync } from 'node:fs';

const manifest: { readonly version: string } = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
);

/** The version of Parley, such as `0.1.0`. All its packages have the same one. */
export const version = manifest.version;
