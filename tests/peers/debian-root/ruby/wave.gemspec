Gem::Specification.new do |spec|
  spec.name = "wave"
  spec.version = "0.4.2"
  spec.summary = "Waves"
  spec.authors = ["Someone"]
  spec.license = "Apache-2.0"
  spec.files = ["lib/wave.rb"]
  spec.add_dependency "addressable", "~> 2.8"
end
