// Command greet prints a greeting. It is in the root for the modules that its binary names.
package main

import (
	"fmt"

	"rsc.io/quote"
)

func main() {
	fmt.Println(quote.Hello())
}
