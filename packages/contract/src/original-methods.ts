import { methodNames } from './gen/method-names.js';

/**
 * A method of the original contract (proto/seed). Its path is `/<service>/<method>`, without a
 * package.
 */
export interface OriginalMethod {
  readonly service: string;
  readonly method: string;
}

/** Methods that are also served under their original names without a package. */
export const originalMethods: readonly OriginalMethod[] = Object.entries(methodNames)
  .filter(([service]) => !service.includes('.'))
  .flatMap(([service, methods]) => methods.map((method) => ({ service, method })));
