/**
 * Names of browsers, each with a pattern for its user agent. The first match counts, because a user
 * agent also contains the marks of browsers further down.
 */
const browsers: readonly (readonly [mark: RegExp, name: string])[] = [
  [/Edg/, 'Edge'],
  [/OPR\//, 'Opera'],
  [/Firefox\/|FxiOS\//, 'Firefox'],
  [/Chrome\/|CriOS\//, 'Chrome'],
  [/Safari\//, 'Safari'],
];

/** The same for systems. */
const systems: typeof browsers = [
  [/iPhone|iPad/, 'iOS'],
  [/Android/, 'Android'],
  [/Windows/, 'Windows'],
  [/CrOS/, 'ChromeOS'],
  [/Mac OS X/, 'macOS'],
  [/Linux/, 'Linux'],
];

function nameIn(known: typeof browsers, userAgent: string): string | undefined {
  return known.find(([mark]) => mark.test(userAgent))?.[1];
}

/** Returns a name for the user's list of sessions, such as `Firefox on Linux`. */
export function deviceName(userAgent: string): string {
  const system = nameIn(systems, userAgent);
  return `${nameIn(browsers, userAgent) ?? 'browser'}${system === undefined ? '' : ` on ${system}`}`;
}
