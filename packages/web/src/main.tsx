import { createRoot } from 'react-dom/client';
import { Auth } from './live/auth.js';
import { PageUpdates } from './live/page-updates.js';
import { PreferenceStore } from './live/preference-store.js';
import { openDatabase } from './storage/database.js';
import { App } from './ui/app.js';

const place = document.getElementById('page') as HTMLElement;

async function main(): Promise<void> {
  const preferences = new PreferenceStore();
  const updates = new PageUpdates();
  const [database] = await Promise.all([openDatabase(updates.replaced), preferences.start()]);
  const auth = new Auth(database);
  await auth.start();
  createRoot(place).render(<App auth={auth} preferences={preferences} updates={updates} />);
  await updates.start();
}

function failureWords(thrown: unknown): string {
  return thrown instanceof DOMException && thrown.name === 'VersionError'
    ? 'This is an old version of Parley, and this browser has used a newer one. Reload the page when you are online.'
    : 'Parley needs browser storage. Allow it for this site, then reload the page.';
}

main().catch((thrown) => {
  place.textContent = failureWords(thrown);
});
