// Packages are installed outside the checkout: the folder is named by the environment.

import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const require = createRequire(join(process.env.WOAD_NODE_MODULES, 'from-here.js'));

/** Imports a package of package.json. */
export const load = (name) => import(pathToFileURL(require.resolve(name)));
