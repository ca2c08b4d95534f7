import type { Auth } from '../live/auth.js';
import { useWatched } from './hooks.js';
import { NewPassword } from './new-password.js';
import { SignIn } from './sign-in.js';
import { WorkspaceContext } from './workspace-context.js';
import { WorkspaceView } from './workspace-view.js';

/** The root component. */
export function App({ auth }: { auth: Auth }) {
  const session = useWatched(auth);
  const { workspace } = auth;
  if (session.state === 'in' && workspace !== undefined) {
    return (
      <WorkspaceContext value={workspace}>
        <WorkspaceView key={session.session.token} onSignOut={() => auth.signOut()} />
      </WorkspaceContext>
    );
  }
  if (session.state === 'restricted') return <NewPassword auth={auth} />;
  return session.state === 'out' ? <SignIn auth={auth} notice={session.notice} /> : null;
}
