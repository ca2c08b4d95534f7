import { createRoot } from 'react-dom/client';
import { Auth } from './live/auth.js';
import { PreferenceStore } from './live/preference-store.js';
import { openDatabase } from './storage/database.js';
import { App } from './ui/app.js';

const place = document.getElementById('page') as HTMLElement;

async function main(): Promise<void> {
  const preferences = new PreferenceStore();
  await preferences.start();
  const auth = new Auth(await openDatabase());
  await auth.start();
  createRoot(place).render(<App auth={auth} preferences={preferences} />);
}

main().catch(() => {
  place.textContent = 'Parley needs browser storage. Allow it for this site, then reload the page.';
});
