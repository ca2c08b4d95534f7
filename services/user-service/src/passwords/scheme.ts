/**
 * Scheme of new passwords. `cost` is log2 of the bcrypt rounds; the costs of argon2id are fixed.
 */
export type PasswordScheme = { readonly name: 'bcrypt'; readonly cost: number } | { readonly name: 'argon2id' };

/** Hash schemes of all accounts, with the highest bcrypt cost. */
export interface SchemesInUse {
  readonly bcrypt: number | undefined;
  readonly argon2id: boolean;
}

/** Costs of argon2id: 19 MiB, two passes, one lane. */
export const argonCosts = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** Returns the prefix with which every hash of a scheme begins. */
export function prefixOf(scheme: PasswordScheme): string {
  if (scheme.name === 'bcrypt') return `$2b$${String(scheme.cost).padStart(2, '0')}$`;
  const { memoryCost, timeCost, parallelism } = argonCosts;
  return `$argon2id$v=19$m=${memoryCost},t=${timeCost},p=${parallelism}$`;
}

/** Returns the schemes of hashes with these prefixes, including the scheme of new accounts. */
export function schemesOf(prefixes: readonly string[], present: PasswordScheme): SchemesInUse {
  const all = [...prefixes, prefixOf(present)];
  const costs = all.filter((prefix) => /^\$2[aby]\$\d\d/.test(prefix)).map((prefix) => Number(prefix.slice(4, 6)));
  return {
    bcrypt: costs.length === 0 ? undefined : Math.max(...costs),
    argon2id: all.some((prefix) => prefix.startsWith('$argon2')),
  };
}
