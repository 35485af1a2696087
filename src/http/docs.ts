import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { type RequestHandler, Router } from 'express';

/** What the viewer is made of: files of swagger-ui-dist, served from here so that a reader depends on nobody else. */
const FILES = ['swagger-ui.css', 'swagger-ui-bundle.js', 'favicon-32x32.png'] as const;
/** Everything comes from this service; what it brings with it besides are a few images in its style sheet. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');
const MAY_BE_KEPT = 'public, max-age=3600';

const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Quittance API</title>
    <link rel="stylesheet" href="/docs/swagger-ui.css">
    <link rel="icon" type="image/png" sizes="32x32" href="/docs/favicon-32x32.png">
  </head>
  <body>
    <div id="api"></div>
    <script src="/docs/swagger-ui-bundle.js"></script>
    <script src="/docs/start.js"></script>
  </body>
</html>
`;

/** No validator elsewhere is told of the document, and a token that is typed in is forgotten with the page. */
const START = `SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#api',
  deepLinking: true,
  docExpansion: 'list',
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  persistAuthorization: false,
  validatorUrl: null,
});
`;

/** The API's document for people, at /docs, with calls that can be tried against this service. */
export function createDocsRoutes(): Router {
  const root = dirname(createRequire(__filename).resolve('swagger-ui-dist/package.json'));
  const router = Router();
  router.get('/docs', page, (_req, res) => {
    res.type('html').send(PAGE);
  });
  router.get('/docs/start.js', page, (_req, res) => {
    res.type('text/javascript').send(START);
  });
  for (const file of FILES) {
    router.get(`/docs/${file}`, page, (_req, res) => {
      res.sendFile(file, { root, cacheControl: false });
    });
  }
  return router;
}

/** Set over the headers of every other answer. HTTP must go on to work: nothing is upgraded to HTTPS behind its back. */
const page: RequestHandler = (_req, res, next) => {
  res.setHeader('Content-Security-Policy', CONTENT_SECURITY_POLICY).setHeader('Cache-Control', MAY_BE_KEPT);
  next();
};
