/** Characters that no file name may have on some systems. */
const reserved = /[<>:"/\\|?*]/g;
/** Names of devices on Windows, with any extension. */
const device = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;

/**
 * Returns a name under which every system can save a file: without a path, without dots and spaces
 * at its ends, and not empty. The given name must have no control characters.
 */
export function savableName(visible: string): string {
  const name = visible.replace(reserved, '_').replace(/^[\s.]+|[\s.]+$/g, '');
  if (name === '') return 'file';
  return device.test(name) ? `file-${name}` : name;
}
