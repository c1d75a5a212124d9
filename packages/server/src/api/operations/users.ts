import { z } from 'zod'
import { AppProblem } from '../../servers/http/app-problem.ts'
import { type Operation, operation } from '../operation.ts'
import { pageOf, pageQuery, takePage } from '../page.ts'
import { refuseFaults } from '../refuse-faults.ts'
import { newUserSchema, streamKeySchema, userPatchSchema, userSchema } from '../schemas.ts'
import type { ApiUser, UserAccess } from '../seams.ts'

const TAG = 'Users'
const nameParam = z.object({ name: z.string().min(1).max(1024) })
const REFUSED = { 400: 'Nothing has changed: each fault is listed.' }
const NO_USER = { 404: 'There is no such user.' }

/** Users of the file of users (`millrace user`), and the keys to publish with. Passwords and keys go in, and never come out again. */
export const userOperations = (users: UserAccess): Operation[] => {
  const find = (name: string): ApiUser => {
    const found = users.list().find(({ user }) => user === name)
    if (!found)
      throw new AppProblem(404, 'No such user', `There is no user ${name}; see /v1/users/list. Users of auth.users in the configuration are not here.`)
    return found
  }
  const refusing = <T>(work: () => Promise<T>): Promise<T> => refuseFaults('Not a user', 'Nothing has changed.', work)
  return [
    operation({
      id: 'usersList',
      method: 'GET',
      path: '/v1/users/list',
      tag: TAG,
      summary: 'Users, without their passwords',
      query: z.strictObject(pageQuery),
      response: pageOf(userSchema),
      run: ({ query }) => takePage(users.list(), query, view),
    }),
    operation({
      id: 'usersGet',
      method: 'GET',
      path: '/v1/users/get/{name}',
      tag: TAG,
      summary: 'One user',
      params: nameParam,
      response: userSchema,
      problems: NO_USER,
      run: ({ params }) => view(find(params.name)),
    }),
    operation({
      id: 'usersAdd',
      method: 'POST',
      path: '/v1/users/add/{name}',
      tag: TAG,
      summary: 'A new user',
      params: nameParam,
      body: newUserSchema,
      problems: { ...REFUSED, 409: 'There is such a user already.' },
      run: async ({ params: { name }, body }) => {
        if (users.list().some(({ user }) => user === name)) throw new AppProblem(409, 'There already', `There is a user ${name}: patch that one.`)
        await refusing(() => users.save(name, body))
        return undefined
      },
    }),
    operation({
      id: 'usersPatch',
      method: 'PATCH',
      path: '/v1/users/patch/{name}',
      tag: TAG,
      summary: 'Changes a user; what is absent stays',
      params: nameParam,
      body: userPatchSchema,
      problems: { ...REFUSED, ...NO_USER },
      run: async ({ params: { name }, body }) => {
        find(name)
        await refusing(() => users.save(name, body))
        return undefined
      },
    }),
    operation({
      id: 'usersDelete',
      method: 'DELETE',
      path: '/v1/users/delete/{name}',
      tag: TAG,
      summary: 'Takes a user away; sessions that there are go on',
      params: nameParam,
      problems: NO_USER,
      run: async ({ params: { name } }) => {
        find(name)
        await users.remove(name)
        return undefined
      },
    }),
    operation({
      id: 'streamKeysList',
      method: 'GET',
      path: '/v1/streamkeys/list',
      tag: TAG,
      summary: 'Paths that have a key to publish with',
      query: z.strictObject(pageQuery),
      response: pageOf(z.object({ path: z.string() })),
      run: ({ query }) => takePage(users.keyedPaths(), query, (path) => ({ path })),
    }),
    operation({
      id: 'streamKeysRotate',
      method: 'POST',
      path: '/v1/streamkeys/rotate/{name}',
      tag: TAG,
      summary: 'A new key to publish to a path; the one before ends',
      params: nameParam,
      response: streamKeySchema,
      problems: REFUSED,
      run: async ({ params: { name } }) => ({ path: name, key: await refusing(() => users.rotateKey(name)) }),
    }),
    operation({
      id: 'streamKeysDelete',
      method: 'DELETE',
      path: '/v1/streamkeys/delete/{name}',
      tag: TAG,
      summary: 'Ends the key of a path',
      params: nameParam,
      problems: { 404: 'The path has no key.' },
      run: async ({ params: { name } }) => {
        if (!users.keyedPaths().includes(name)) throw new AppProblem(404, 'No key', `${name} has no key; see /v1/streamkeys/list.`)
        await users.removeKey(name)
        return undefined
      },
    }),
  ]
}

const view = ({ user, permissions, ips, digest }: ApiUser): z.input<typeof userSchema> => ({
  user,
  permissions: permissions.map(({ action, path }) => ({ action, path })),
  ips: [...ips],
  digest,
})
