"""Support: finds anybody, sees all of it, and puts right what only support can. Only support/pages imports this
package, and the app imports that only where SUPPORT is set."""
