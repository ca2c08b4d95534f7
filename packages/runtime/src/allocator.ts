/**
 * Environment variables to start a service with. By default glibc has a memory arena per thread,
 * and Node's threads fragment all of them: resident memory grows for hours without a leak. Other
 * allocators ignore the variable.
 */
export const allocatorSettings = { MALLOC_ARENA_MAX: '2' } as const;
