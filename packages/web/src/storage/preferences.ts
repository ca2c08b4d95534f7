const key = 'parley preferences';

/** Returns the stored preferences, or null if there are none. */
export function readPreferences(): string | null {
  return localStorage.getItem(key);
}

/** Stores the preferences until the user deletes the data of this site. */
export function writePreferences(text: string): void {
  localStorage.setItem(key, text);
}

/** Calls the listener when another tab has stored preferences. */
export function watchPreferences(listener: (stored: string | null) => void): void {
  addEventListener('storage', (event) => event.key === key && listener(event.newValue));
}
