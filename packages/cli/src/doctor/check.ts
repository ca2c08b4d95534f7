/** How bad a finding is. Only a fault changes the exit code of `parley doctor`. */
export type FindingLevel = 'ok' | 'skipped' | 'warning' | 'fault';

/** One result of a check. */
export interface Finding {
  readonly level: FindingLevel;
  /** The address, file, database or setting that the finding is about. */
  readonly about: string;
  /** A sentence that says what was found, or why nothing was tried. */
  readonly words: string;
  /** What to change, or what to give so that it can be tried. Absent if nothing is to be done. */
  readonly change?: string;
}

/** The tests of one subject. They depend on no other check. */
export interface Check {
  readonly name: string;
  /** Tries the real thing. A rejection becomes a fault with the message of the error. */
  run(): Promise<Finding[]>;
}

/** Returns the finding that something works. */
export function works(about: string, words: string): Finding {
  return { level: 'ok', about, words };
}

/** Returns the finding that something is broken. */
export function fault(about: string, words: string, change: string): Finding {
  return { level: 'fault', about, words, change };
}

/** Returns the fault of a text whose first sentence says what is broken, and the rest what to change, or else `advice`. */
export function asFault(about: string, text: string, advice = ''): Finding {
  const [, words = text, change = advice] = /^(.*?\.)\s+([A-Z].*)$/s.exec(text) ?? [];
  return fault(about, words, change);
}

/** Returns the finding that something works now, but needs attention. */
export function warning(about: string, words: string, change: string): Finding {
  return { level: 'warning', about, words, change };
}

/** Returns the finding that something was not tried. */
export function skipped(about: string, words: string, change?: string): Finding {
  return { level: 'skipped', about, words, ...(change !== undefined && { change }) };
}
