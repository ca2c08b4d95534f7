const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte'];

/** Returns a function that formats a number of bytes in a language, such as 1.5 MB. */
export function sizesOf(language: string): (bytes: number) => string {
  return (bytes) => {
    const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
    const unitDisplay = power === 0 ? 'long' : 'short';
    const options = { style: 'unit', unit: units[power], unitDisplay, maximumFractionDigits: 1 } as const;
    return new Intl.NumberFormat(language, options).format(bytes / 1_000 ** power);
  };
}
