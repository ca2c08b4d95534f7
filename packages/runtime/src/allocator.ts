/**
 * Environment for whoever starts a service. By default glibc keeps memory apart for each thread, and what Node's own threads allocate and
 * free leaves holes in all of them: resident memory grows for hours though nothing is kept. Elsewhere than with glibc it means nothing.
 */
export const allocatorSettings = { MALLOC_ARENA_MAX: '2' } as const;
