// The parts of express-shop that know no framework are JavaScript.
declare module '@trailproof/example-express-shop/*'
