import { asBuffer } from '@parley/rpc';

/**
 * Returns a function that converts an event once and keeps the result for other readers, up to
 * `maxKeptBytes` of events and results in all.
 */
export function convertedOnce(
  convert: (event: Uint8Array) => string,
  maxKeptBytes: number,
): (event: Uint8Array) => Buffer {
  /**
   * Results by the bytes of the event. The event itself cannot be the key, because it is another
   * object each time.
   */
  const kept = new Map<string, Buffer>();
  let keptBytes = 0;
  const dropOldest = () => {
    for (const [key, text] of kept) {
      if (keptBytes <= maxKeptBytes) return;
      kept.delete(key);
      keptBytes -= text.length + key.length;
    }
  };
  return (event) => {
    const key = asBuffer(event).toString('latin1');
    const known = kept.get(key);
    if (known !== undefined) return known;
    const text = Buffer.from(convert(event));
    kept.set(key, text);
    keptBytes += text.length + key.length;
    dropOldest();
    return text;
  };
}
