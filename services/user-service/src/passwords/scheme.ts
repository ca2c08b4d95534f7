/** `cost` is log2 of the rounds. The costs of argon2id are fixed. */
export type PasswordScheme = { readonly name: 'bcrypt'; readonly cost: number } | { readonly name: 'argon2id' };

/** 19 MiB, two passes, one lane. */
export const argonCosts = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** What every hash of a scheme begins with. */
export function prefixOf(scheme: PasswordScheme): string {
  if (scheme.name === 'bcrypt') return `$2b$${String(scheme.cost).padStart(2, '0')}$`;
  const { memoryCost, timeCost, parallelism } = argonCosts;
  return `$argon2id$v=19$m=${memoryCost},t=${timeCost},p=${parallelism}$`;
}
