import { z } from 'zod'

const DEFAULT_ITEMS = 100
export const MAX_ITEMS = 1000

/** Which part of a list. */
export const pageQuery = {
  page: z.coerce.number<number>().int().min(0).max(1_000_000).default(0).describe('from 0'),
  itemsPerPage: z.coerce.number<number>().int().min(1).max(MAX_ITEMS).default(DEFAULT_ITEMS).describe('entries of one page'),
}

/** One page of a list. */
export const pageOf = <T extends z.ZodType>(item: T) =>
  z.object({
    pageCount: z.int().min(0).describe('pages that there are'),
    itemCount: z.int().min(0).describe('entries of all pages'),
    items: z.array(item),
  })

/** Only what is on the page is made. */
export const takePage = <A, B>(all: readonly A[], { page, itemsPerPage }: { page: number; itemsPerPage: number }, make: (entry: A) => B) => ({
  pageCount: Math.ceil(all.length / itemsPerPage),
  itemCount: all.length,
  items: all.slice(page * itemsPerPage, (page + 1) * itemsPerPage).map(make),
})
