/** Texts of the routes page. */
export const enRoutes = {
  'routes.title': 'Routes',
}
